# The product with its pinned dependencies; the workspace is mounted at /workspace.
#   docker build -t equipoise:0.1.0 .
#   docker run --init -v "$PWD:/workspace" equipoise:0.1.0 equipoise run
FROM python:3.12-slim

# Whichever git the base image's release brings; it must trust a mounted folder of another owner.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --no-install-recommends --yes git \
    && rm -rf /var/lib/apt/lists/* \
    && git config --system --add safe.directory '*'

WORKDIR /opt/equipoise
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY pipeline pipeline
COPY flows flows
RUN pip install --no-cache-dir --constraint constraints.txt .

# Files written into the mounted workspace belong to the user who starts the container
# (docker run --user "$(id -u):$(id -g)").
ENV HOME=/tmp PYTHONUNBUFFERED=1
USER 1000:1000
WORKDIR /workspace
# No entrypoint: workers of Docker and Kubernetes pools give a command of their own.
CMD ["equipoise", "schedule"]
