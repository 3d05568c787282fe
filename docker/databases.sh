#!/bin/sh
# Two databases, each of a user that may do nothing else: Prefect's and MLflow's tables do not live in one.
# PostgreSQL's image runs it when the volume is new.
set -eu
psql --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres \
	--set prefect="$PREFECT_DB_PASSWORD" --set mlflow="$MLFLOW_DB_PASSWORD" <<'SQL'
CREATE ROLE prefect LOGIN PASSWORD :'prefect';
CREATE ROLE mlflow LOGIN PASSWORD :'mlflow';
CREATE DATABASE prefect OWNER prefect;
CREATE DATABASE mlflow OWNER mlflow;
REVOKE ALL ON DATABASE prefect, mlflow, postgres FROM PUBLIC;
SQL
