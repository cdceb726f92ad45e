#!/usr/bin/env bash
# An environment of its own for the reconciler, from the lock of this very commit: no version is chosen by the network.
set -euo pipefail

environment=$RUNNER_TEMP/reconciler
[[ ! -e $environment/.ready ]] || exit 0

python3 -c 'import sys; sys.exit(sys.version_info < (3, 11) and "the reconciler needs python3 3.11 or newer")'
python3 -m venv "$environment"
pip=("$environment/bin/python" -m pip --disable-pip-version-check --quiet install)
"${pip[@]}" --require-hashes -r "$GITHUB_ACTION_PATH/requirements.lock"
"${pip[@]}" --no-deps --no-build-isolation "$GITHUB_ACTION_PATH"
touch "$environment/.ready"
