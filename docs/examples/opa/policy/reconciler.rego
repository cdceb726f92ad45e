# Rules over what our plans say beyond Terraform's: `effect`, `impact`, `note`, `reassign` and `source.allowances`.
package main

import rego.v1

most_tenants := 100

deny contains msg if {
	some change in input.resource_changes
	change.effect == "less"
	change.note == ""
	msg := sprintf("%s takes service away and has no note: write the ticket into `note`", [change.address])
}

deny contains msg if {
	some change in input.resource_changes
	some hit in change.impact
	hit.tenants - hit.keep > most_tenants
	msg := sprintf("%s: %s changes for %d tenants", [change.address, hit.field, hit.tenants - hit.keep])
}

deny contains msg if {
	some allowance in input.source.allowances
	not regex.match(`^[A-Z]+-[0-9]+`, allowance.reason)
	msg := sprintf("--allow %s: the reason begins with a ticket, as in OPS-12", [allowance.code])
}

warn contains msg if {
	some change in input.resource_changes
	move := change.reassign
	move != null
	msg := sprintf("%s: %d users move to %s", [change.address, move.expected, move.to])
}
