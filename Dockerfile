# Two stages: the first builds a version with all extras, the second has only what serving it needs (server, mcp,
# parquet, replicas).
# Its steps are those of the Makefile and of tests/service/test_wheel.py, which run without Docker.
FROM python:3.11-slim AS build
WORKDIR /src
COPY requirements.lock requirements-server.lock ./
RUN python -m venv /opt/build \
 && /opt/build/bin/python -m pip install --no-cache-dir --require-hashes -r requirements.lock
RUN python -m venv /opt/plangraf \
 && /opt/plangraf/bin/python -m pip install --no-cache-dir --require-hashes -r requirements-server.lock
COPY . .
# Without what this builds, /sparql has a plain form, and pictures stay as they are drawn.
RUN sh service/plangraf/pages/editor/build.sh python || true
RUN /opt/build/bin/python -m pip wheel --no-deps --no-build-isolation --wheel-dir /tmp/dist . \
 && /opt/build/bin/python -m pip install --no-cache-dir --no-deps /tmp/dist/*.whl \
 && /opt/plangraf/bin/python -m pip install --no-cache-dir --no-deps /tmp/dist/*.whl \
 && PLANGRAF_VERSIONS=/var/lib/plangraf/versions /opt/build/bin/plangraf build

FROM python:3.11-slim
RUN useradd --system --uid 10001 --no-create-home plangraf \
 && install --directory --owner=plangraf /var/lib/plangraf/replica
COPY --from=build /opt/plangraf /opt/plangraf
COPY --from=build --chown=root:root /var/lib/plangraf /var/lib/plangraf
ENV PLANGRAF_HOST=0.0.0.0 PLANGRAF_PORT=8000 PLANGRAF_VERSIONS=/var/lib/plangraf/versions \
    PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001
EXPOSE 8000
# Only temporary files are written at run time: start the container with --read-only --tmpfs /tmp. A replica, with
# `serve --from`, also writes its copy, into a volume that PLANGRAF_VERSIONS names: /var/lib/plangraf/replica.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["/opt/plangraf/bin/python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/health/ready', timeout=2)"]
ENTRYPOINT ["/opt/plangraf/bin/plangraf"]
CMD ["serve", "--no-build"]
