#!/usr/bin/env bash
# One run of the reconciler in a step of GitHub Actions. COMMAND, TARGET and PLAN_FILE come by environment.
# The exit code becomes an output and not the end of this script: the artifact and the comment come after it.
set -euo pipefail
umask 077

# Isolated: no module of the workspace or of PYTHONPATH is ever loaded.
program=("$RUNNER_TEMP/reconciler/bin/python" -I -m reconciler)
reports=$RUNNER_TEMP/reconciler-plan
said=$RUNNER_TEMP/reconciler-said
rm -rf "$reports" "$said"
mkdir "$reports"

# Whatever names say between these two lines is no command to the runner.
untrusted() {
    local token
    token=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    printf '::stop-commands::%s\n' "$token"
    cat
    printf '\n::%s::\n' "$token"
}

arguments=("$COMMAND")
[[ -z $TARGET ]] || arguments+=("--target=$TARGET")
exitcode=0
case $COMMAND in
plan)
    arguments+=(--detailed-exitcode "--out=$reports/plan.json" --output=github)
    arguments+=("--output=markdown=$reports/plan.md" "--output=html=$reports/plan.html")
    "${program[@]}" "${arguments[@]}" 2>"$said" || exitcode=$?
    [[ ! -s $said ]] || untrusted <"$said"
    ;;
validate | drift)
    "${program[@]}" "${arguments[@]}" --output=github 2>"$said" || exitcode=$?
    [[ ! -s $said ]] || untrusted <"$said"
    ;;
apply)
    "${program[@]}" "${arguments[@]}" -- "${PLAN_FILE:-$RUNNER_TEMP/reconciler-reviewed/plan.json}" >"$said" 2>&1 || exitcode=$?
    untrusted <"$said"
    {
        printf '<pre>\n'
        sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g' "$said"
        printf '\n</pre>\n'
    } >>"$GITHUB_STEP_SUMMARY"
    ;;
*)
    printf '::error title=reconciler::command is one of plan, apply, validate and drift\n'
    exitcode=64
    ;;
esac

case $exitcode in
0 | 2 | 64) ;;
3) printf '::error title=reconciler::blocked; nothing was changed\n' ;;
4) printf '::error title=reconciler::the plan no longer fits the files or the live system; nothing was changed\n' ;;
5) printf '::error title=reconciler::another apply holds the lock; nothing was changed\n' ;;
6) printf '::error title=reconciler::the outcome is not known, or users came to what was deleted; see the log\n' ;;
*) printf '::error title=reconciler::ended with exit code %d; see the log\n' "$exitcode" ;;
esac

printf 'exitcode=%d\n' "$exitcode" >>"$GITHUB_OUTPUT"
if [[ -e $reports/plan.json ]]; then printf 'plan-file=%s\n' "$reports/plan.json" >>"$GITHUB_OUTPUT"; fi
