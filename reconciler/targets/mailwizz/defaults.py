"""What MailWizz gives a new customer group, code by code: its form writes all of them, and what is missing reads as the
default of whoever asks (version 2.1.13). Codes of later versions and of extensions are not here and are left alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_NO_LIMIT: Final = "-1"
YES: Final = "yes"
NO: Final = "no"

AREAS: Final[Mapping[str, Mapping[str, str]]] = {
    "sending": {
        "quota": _NO_LIMIT,
        "quota_time_value": _NO_LIMIT,
        "quota_time_unit": "month",
        "quota_wait_expire": YES,
        "action_quota_reached": "",
        "hourly_quota": "0",
        "quota_notify_enabled": NO,
        "quota_notify_percent": "95",
        "quota_notify_email_content": "",
    },
    "lists": {
        "max_lists": _NO_LIMIT,
        "max_subscribers": _NO_LIMIT,
        "max_subscribers_per_list": _NO_LIMIT,
        "copy_subscribers_at_once": "100",
        "max_segment_conditions": "3",
        "max_segment_wait_timeout": "5",
        "can_import_subscribers": YES,
        "can_export_subscribers": YES,
        "can_copy_subscribers": YES,
        "can_delete_own_lists": YES,
        "can_delete_own_subscribers": YES,
        "can_edit_own_subscribers": YES,
        "can_segment_lists": YES,
        "can_mark_blacklisted_as_confirmed": NO,
        "can_use_own_blacklist": NO,
        "can_create_list_from_filters": YES,
        "subscriber_profile_update_optin_history": YES,
        "show_7days_subscribers_activity_graph": YES,
        "force_optin_process": "",
        "force_optout_process": "",
    },
    "servers": {
        "max_delivery_servers": "0",
        "max_bounce_servers": "0",
        "max_fbl_servers": "0",
        "max_email_box_monitors": "0",
        "must_add_bounce_server": YES,
        "can_select_delivery_servers_for_campaign": NO,
        "can_send_from_system_servers": YES,
        "custom_headers": "",
    },
    "sending_domains": {"can_manage_sending_domains": NO, "max_sending_domains": _NO_LIMIT},
    "tracking_domains": {
        "can_manage_tracking_domains": NO,
        "can_select_for_delivery_servers": NO,
        "can_select_for_campaigns": NO,
    },
    "campaigns": {
        "max_campaigns": _NO_LIMIT,
        "max_active_campaigns": _NO_LIMIT,
        "max_bounce_rate": _NO_LIMIT,
        "max_complaint_rate": _NO_LIMIT,
        "subscribers_at_once": "300",
        "change_server_at": "100",
        "must_verify_sending_domain": NO,
        "can_delete_own_campaigns": YES,
        "can_export_stats": YES,
        "can_use_autoresponders": YES,
        "can_use_recurring_campaigns": YES,
        "can_embed_images": NO,
        "can_use_timewarp": NO,
        "require_approval": NO,
        "show_geo_opens": NO,
        "show_24hours_performance_graph": YES,
        "show_top_domains_opens_clicks_graph": YES,
        "abuse_reports_email_notification": YES,
        "email_header": "",
        "email_footer": "",
        "feedback_id_header_format": "",
        "list_unsubscribe_header_email": "",
    },
    "quota_counters": {
        "campaign_emails": YES,
        "campaign_test_emails": YES,
        "template_test_emails": YES,
        "list_emails": YES,
        "transactional_emails": YES,
        "campaign_giveup_emails": NO,
    },
    "surveys": {
        "max_surveys": _NO_LIMIT,
        "max_responders": _NO_LIMIT,
        "max_responders_per_survey": _NO_LIMIT,
        "max_segment_conditions": "3",
        "max_segment_wait_timeout": "5",
    },
    "subaccounts": {"enabled": NO, "max_subaccounts": _NO_LIMIT},
    "api": {"enabled": YES},
    "common": {
        "notification_message": "",
        "show_articles_menu": NO,
        "mask_email_addresses": NO,
        "days_to_keep_disabled_account": "30",
    },
}

NEW_GROUP: Final[Mapping[str, str]] = {
    f"system.customer_{area}.{name}": text for area, codes in AREAS.items() for name, text in codes.items()
}
"""Full code → text."""
