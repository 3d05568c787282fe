# One image for everything: Prefect's server, the workers, MLflow's server, the page. CPU only.
FROM python:3.11.14-slim-bookworm
WORKDIR /gridahead
# LightGBM, an expert of prices, needs it.
RUN apt-get update && apt-get install --yes --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/*
# Where the CPU build of torch comes from; see the installation page of PyTorch.
ARG TORCH_INDEX=
COPY constraints.txt pyproject.toml README.md LICENSE NOTICE ./
COPY src src
COPY flows flows
RUN pip install --no-cache-dir ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} -c constraints.txt -e '.[service]'
COPY . .
# The volume is of who runs it, and begins with the sample.
RUN useradd --uid 1000 --create-home gridahead && gridahead sample own && chown -R gridahead own
USER gridahead
# The commit that fits are recorded with: .git stays outside.
ARG GIT_COMMIT=unknown
ENV GRIDAHEAD_COMMIT=$GIT_COMMIT GRIDAHEAD_SETTINGS=/gridahead/own/settings.toml DO_NOT_TRACK=1
