#!/usr/bin/env bash
# An environment of its own for the reconciler, from the lock of this very commit: no version is chosen by the network.
# The files in the workspace are somebody's proposal and the job holds secrets. So Python is started away from them and
# isolated (-I), and what installs and builds is given none of the job's variables but those that lead to an index.
set -euo pipefail

environment=$RUNNER_TEMP/reconciler
[[ ! -e $environment/.ready ]] || exit 0
cd "$RUNNER_TEMP"

given=()
for name in PATH HOME LANG LC_ALL TMPDIR PIP_INDEX_URL PIP_CERT SSL_CERT_FILE SSL_CERT_DIR REQUESTS_CA_BUNDLE \
    http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
    [[ -z ${!name:-} ]] || given+=("$name=${!name}")
done
isolated() { env -i "${given[@]}" "$1" -I "${@:2}"; }

isolated python3 -c 'import sys; sys.exit(sys.version_info < (3, 11) and "the reconciler needs python3 3.11 or newer")'
isolated python3 -m venv --clear "$environment"
pip=(isolated "$environment/bin/python" -m pip --disable-pip-version-check --quiet install)
"${pip[@]}" --require-hashes --only-binary=:all: -r "$GITHUB_ACTION_PATH/requirements-runtime.lock"
"${pip[@]}" --no-deps --no-build-isolation "$GITHUB_ACTION_PATH"
touch "$environment/.ready"
