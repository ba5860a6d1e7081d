# The function as a container: for Cloud Run without functions, Kubernetes, or your own server. Settings are environment variables, see docs/API.md.
#   docker build --tag forecourt . && docker run --rm --publish 8080:8080 forecourt
FROM python:3.13-slim AS build
COPY requirements.txt /
# Wheels only, so nothing is compiled. Pip and its cache stay in this stage. The network runs on the CPU: LiteRT's parts for other processors go.
# hadolint ignore=DL3042
RUN python -m venv --without-pip /venv \
    && python -m pip --python /venv/bin/python install --only-binary :all: --requirement /requirements.txt
WORKDIR /venv/lib/python3.13/site-packages
RUN rm -r ai_edge_litert/libLiteRtWebGpuAccelerator.so ai_edge_litert/tools ai_edge_litert/vendors \
    && find . -depth -type d -name tests -exec rm -r {} +
COPY . /app
RUN python -m compileall -q /app

FROM python:3.13-slim
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
# Large buffers stay with the process instead of going back to the system after every request, in one heap that all of its threads use.
ENV PATH=/venv/bin:$PATH \
    PORT=8080 \
    PYTHONUNBUFFERED=1 \
    MALLOC_ARENA_MAX=1 \
    MALLOC_MMAP_THRESHOLD_=268435456 \
    MALLOC_TRIM_THRESHOLD_=268435456
USER 10001:10001
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import os; from urllib.request import urlopen; urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', timeout=4)"]
# gunicorn itself, since functions-framework closes idle connections after 2 s: Google's load balancers keep them for 600. GUNICORN_CMD_ARGS adds options.
# preload: an invalid setting stops start-up, and the port opens when the network is loaded.
# threads: requests at once; most wait for their turn. One that finds no thread would wait longer than QUEUE_SECONDS.
CMD ["gunicorn", "--preload", "--worker-class=gthread", "--threads=80", "--timeout=0", "--keep-alive=620", "--limit-request-line=0", "--log-level=error", \
    "functions_framework:create_app('remove_background')"]
