# One image for everything: Prefect's server, the worker, MLflow's page. CPU only.
FROM python:3.11-slim
WORKDIR /gridahead
RUN apt-get update && apt-get install --yes --no-install-recommends git make && rm -rf /var/lib/apt/lists/*
# Where the CPU build of torch comes from; see the installation page of PyTorch.
ARG TORCH_INDEX=
COPY constraints.txt pyproject.toml README.md LICENSE NOTICE ./
COPY src src
COPY flows flows
RUN pip install --no-cache-dir ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} -c constraints.txt -e .
COPY . .
ENV PREFECT_HOME=/gridahead/data/prefect DO_NOT_TRACK=1
