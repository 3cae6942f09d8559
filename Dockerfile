# A small image in the locked versions. The data folder is a volume: keys of this server and, with the sandbox, its database.
#   docker build -t flintt-mcp .
#   docker run --rm -p 8000:8000 -v flintt-data:/data flintt-mcp                      # serves at http://127.0.0.1:8000/mcp
#   docker run --rm -p 8000:8000 -v flintt-data:/data flintt-mcp serve --sandbox      # the same, on a sandbox
#   docker run --rm -p 8001:8000 -v flintt-data:/data flintt-mcp sandbox              # plays the APIs alone
#   docker run --rm -i -e FLINTT_API_KEY flintt-mcp stdio                             # for a client that starts it
FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY flintt_mcp flintt_mcp
COPY docs docs
COPY skills skills
COPY constraints/locked.txt constraints/locked.txt
RUN pip wheel --no-cache-dir --wheel-dir /wheels --constraint constraints/locked.txt .

FROM python:3.13-slim
LABEL io.modelcontextprotocol.server.name="io.github.flintt/flintt-mcp"
COPY --from=build /wheels /wheels
RUN pip install --no-cache-dir /wheels/*.whl && rm -rf /wheels \
    && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin flintt && install -d -o flintt -m 700 /data
# By number: a cluster that refuses root (runAsNonRoot) cannot look a name up.
USER 10001
# Whatever port of this machine is mapped to the server's, loopback names are let in.
ENV FLINTT_MCP_DATA_DIR=/data FLINTT_MCP_HOST=0.0.0.0 FLINTT_MCP_ALLOWED_HOST=localhost:*,127.0.0.1:*
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT ["flintt-mcp"]
CMD ["serve"]
