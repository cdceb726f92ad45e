"""`reconciler drift`: what was changed behind our back. Guards are not asked (docs/rules.md#rule-10)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import click

from reconciler.cli import output, terminal
from reconciler.cli.drift_job import DRIFT, JobOptions, JobRun, run_job, with_job_options
from reconciler.cli.options import site, with_output, with_target
from reconciler.cli.output import JSON, TEXT, Delivery, Renderers, TextStyle
from reconciler.model.errors import FileErrors
from reconciler.model.exit_codes import drift_code
from reconciler.model.plan import Plan
from reconciler.report import topic, webhook
from reconciler.report.metrics import drift_samples
from reconciler.report.text import drift_text
from reconciler.report.traces import DriftedField
from reconciler.report.words import counted
from reconciler.workflow import drift, drift_state, notify
from reconciler.workflow.plan import now
from reconciler.workflow.site import Choices, Site
from reconciler.workflow.write_file import check


@click.command("drift")
@with_target
@with_output
@with_job_options
@click.option("--write-back", is_flag=True, help="Write what the database has into the files, for a pull request.")
def command(place: Choices, delivery: Delivery, wanted: JobOptions, write_back: bool) -> int:
    """Show what was changed in the live system since the last apply.

    Exits 2 when there is drift, a conflict, or an object deleted by hand. Changes of the files that wait to be applied
    are only counted. Where it runs now and then, --state and --only-new keep it from telling the same drift twice.
    """
    delivery.complete()

    def check(this: JobRun) -> int:
        this.target = place.target
        here = site(place)
        this.target = here.target.name
        return _checked(here, this, delivery, write_back=write_back)

    return run_job(wanted, check)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A look, and what of it is to be told: `fresh` is the plan with that drift alone in it."""

    here: Site
    look: drift.DriftCheck
    fresh: Plan
    seen: drift_state.DriftState | None

    @property
    def known(self) -> int:
        """How many traces were told before."""
        return len(self.look.traces) - len(self.told) if self.seen else 0

    @property
    def told(self) -> tuple[DriftedField, ...]:
        """The traces to tell."""
        return self.look.not_in(self.seen.fingerprints if self.seen else frozenset())

    @property
    def masked(self) -> bool:
        """Whether people whom no file names are hidden."""
        return self.fresh.policy.privacy != "full"


def _checked(here: Site, this: JobRun, delivery: Delivery, *, write_back: bool) -> int:
    """Look, tell, and remember what was told: in this order, so that an alarm may come twice and is never lost."""
    wanted = this.wanted
    delivery.check_places()
    if wanted.textfile:
        check(wanted.textfile)
    send = _sender(wanted, this)
    seen = drift_state.recall(wanted.state, here.project, this.target) if wanted.state else None
    found = _looked(here, this, seen if wanted.only_new else None, delivery)
    code = drift_code(found.fresh)
    delivery.deliver(_renderers(found))
    if code == DRIFT:
        send(found)
    if wanted.state and seen:
        drift_state.remember(wanted.state, seen, (trace.fingerprint for trace in found.look.traces))
    if write_back:
        this.written = _write_back(found, quiet=delivery.quiet)
    elif code and not delivery.quiet:
        terminal.hint(
            "`reconciler apply` writes what the files say; `reconciler drift --write-back` takes what is live"
        )
    return code


def _looked(here: Site, this: JobRun, told: drift_state.DriftState | None, delivery: Delivery) -> _Found:
    try:
        with this.timed(quiet=delivery.quiet) as progress:
            look = drift.check_drift(here, progress, measured=this.wanted.textfile is not None)
    except FileErrors as errors:
        output.report_file_errors(errors, topic.DRIFT, here.settings.root, delivery)
        raise
    if this.wanted.textfile:
        this.samples += drift_samples(look.plan, look.traces, look.watched, here.vocabulary)
    fresh = look.plan if told is None else look.unseen(told.fingerprints)
    found = _Found(here=here, look=look, fresh=fresh, seen=told)
    if this.wanted.ping:
        this.said = drift_text(fresh, vocabulary=here.vocabulary, masked=found.masked)
    return found


def _renderers(found: _Found) -> Renderers:
    """Everything tells what is new alone, but for the plan file: it is whole, or it is none."""
    root = found.here.settings.root
    fresh = output.drift_renderers(found.fresh, os.environ, root)
    whole = output.drift_renderers(found.look.plan, os.environ, root)

    def words(look: TextStyle) -> str:
        lines = [fresh[TEXT](look)]
        if found.known:
            lines.append(f"Not shown: {counted(found.known, 'difference')} told before and still there.")
        return "\n".join(lines)

    return {**fresh, TEXT: words, JSON: whole[JSON]}


def _sender(wanted: JobOptions, this: JobRun) -> Callable[[_Found], None]:
    """What sends the news to the webhook. Raises ReconcilerError, before anything is looked at, when its address or its
    key cannot be found."""
    if not wanted.webhook:
        return lambda found: None
    to = notify.address(wanted.webhook, "--webhook", os.environ)
    signs = wanted.webhook_format == "json"
    key = notify.secret(wanted.webhook_key, "--webhook-key", os.environ).encode() if signs else b""

    def send(found: _Found) -> None:
        notice = webhook.DriftNotice(
            plan=found.fresh,
            traces=found.told,
            known=found.known,
            run=this.id,
            time=now(),
            vocabulary=found.here.vocabulary,
            masked=found.masked,
        )
        body = webhook.SHAPES[wanted.webhook_format](notice).encode("ascii")
        headers = {"Content-Type": "application/json", "X-Reconciler-Run": this.id}
        if key:
            headers[webhook.SIGNATURE] = webhook.signature(body, key)
        notify.post(to, body, headers, notify.WEBHOOK)

    return send


def _write_back(found: _Found, *, quiet: bool) -> bool:
    """Write, and tell; whether any file was changed."""
    from reconciler.workflow.drift import write_back  # start-up: only this writes YAML

    done = write_back(found.here, found.look)
    if done.findings:
        terminal.remark(done.findings)
    for line in _left(done.left):
        terminal.warn(line)
    for name in done.files:
        terminal.hint(f"wrote {terminal.safe_text(name)}")
    if not quiet and not done.files:
        terminal.hint("no file was changed")
    return bool(done.files)


def _left(left: tuple[DriftedField, ...]) -> Iterator[str]:
    """What a person has to decide."""
    for trace in left:
        about = f"{terminal.safe_text(str(trace.ref))}"
        place = f"  {terminal.safe_text(str(trace.origin))}" if trace.origin else ""
        if not trace.field:
            yield f"{about} was deleted by hand: take it out of its file, or let apply make it again{place}"
        else:
            yield f"{about}: {trace.field} was changed on both sides; the file was left as it is{place}"
