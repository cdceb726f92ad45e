"""Finds the plan that was reviewed: the artifact of the pull request that the commit at hand merged.

Only a run of this repository on the head that was merged counts. Whether the plan still fits the files and the live
system, `reconciler apply` decides; with RECONCILER_PLAN_KEY it also proves who made it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

from api import Refused, ask, fail, pages


def main() -> int:
    """Write `run-id` and `artifact-id` as outputs of the step; 1 when there is no such plan."""
    commit = os.environ["GITHUB_SHA"]
    name = f"reconciler-plan-{os.environ['ENVIRONMENT']}"
    try:
        request = next(filter(_merged_as(commit), ask("GET", f"commits/{quote(commit)}/pulls")), None)
        if request is None:
            return fail(f"no pull request was merged as {commit[:12]}, so no plan of it was reviewed")
        head = str(request["head"]["sha"])
        kept = [each for each in pages(f"actions/artifacts?name={quote(name)}", "artifacts") if _made_for(each, head)]
    except Refused as error:
        return fail(str(error))
    if not kept:
        return fail(f"pull request #{int(request['number'])} has no artifact {name} for {head[:12]}: plan it again")
    newest = max(kept, key=lambda each: (each["created_at"], each["id"]))
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as outputs:
        outputs.write(f"run-id={int(newest['workflow_run']['id'])}\nartifact-id={int(newest['id'])}\n")
    return 0


def _merged_as(commit: str) -> Any:
    return lambda request: bool(request["merged_at"]) and request["merge_commit_sha"] == commit


def _made_for(artifact: dict[str, Any], head: str) -> bool:
    run = artifact["workflow_run"]
    ours = run["head_repository_id"] == run["repository_id"]
    return not artifact["expired"] and ours and run["head_sha"] == head


if __name__ == "__main__":
    sys.exit(main())
