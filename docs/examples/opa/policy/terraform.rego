# Rules as they are written for Terraform's plans: nothing in them knows the reconciler. They read `resource_changes` and
# `resource_drift` with `type`, `address`, `change.actions`, `change.before` and `change.after`.
package main

import rego.v1

most_deletions := 2

deleted contains change.address if {
	some change in input.resource_changes
	"delete" in change.change.actions
}

deny contains msg if {
	count(deleted) > most_deletions
	msg := sprintf("%d objects would be deleted; at most %d in one plan", [count(deleted), most_deletions])
}

deny contains msg if {
	some change in input.resource_changes
	change.type == "role"
	"delete" in change.change.actions
	msg := sprintf("%s: roles are deleted by the security team alone", [change.address])
}

# A number is less than `unlimited`, for Rego puts numbers before texts.
deny contains msg if {
	some change in input.resource_changes
	change.type == "package"
	"update" in change.change.actions
	change.change.after["sending.monthly_quota"] < change.change.before["sending.monthly_quota"]
	msg := sprintf("%s: the monthly quota is not lowered for running contracts", [change.address])
}

warn contains msg if {
	some change in input.resource_drift
	msg := sprintf("%s was changed by hand; the plan takes that back", [change.address])
}
