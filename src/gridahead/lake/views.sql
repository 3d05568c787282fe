-- Views of the gridahead lake for DuckDB; `gridahead lake views` prints this with the lake's own place filled in.
-- $$observations, $$verdicts and $$rulings are the Parquet files of the tables, $$waiting the markers of batches that
-- the quality gate has not judged yet.

-- Every vintage once: a row may stand in two files while a compaction is under way, or after one was killed. A row
-- without a value withdraws it; a void row was never right, and is left out with the one that it stands over.
CREATE OR REPLACE VIEW observations AS
SELECT * FROM $observations
QUALIFY row_number() OVER (
    PARTITION BY zone, quantity, valid_time, available_at
    ORDER BY availability DESC, value DESC NULLS FIRST, unit DESC, mtu DESC, source DESC, batch DESC
) = 1 AND availability <> 'void';

-- The rows that are withheld from issue times at an instant: a person's newest ruling until then counts, else whether the
-- gate had put them in quarantine by then.
CREATE OR REPLACE MACRO withheld(instant) AS TABLE
WITH newest_ruling AS (
    SELECT zone, quantity, valid_time, available_at, ruling FROM $rulings
    WHERE decided_at <= instant
    QUALIFY row_number() OVER (
        PARTITION BY zone, quantity, valid_time, available_at ORDER BY decided_at DESC, ruling DESC
    ) = 1
), condemned AS (
    SELECT zone, quantity, valid_time, available_at, rule, max(known_at) AS known_at FROM $verdicts
    WHERE severity = 'quarantine'
    GROUP BY ALL
)
SELECT zone, quantity, valid_time, available_at FROM newest_ruling WHERE ruling = 'reject'
UNION
SELECT zone, quantity, valid_time, available_at
FROM condemned ANTI JOIN newest_ruling USING (zone, quantity, valid_time, available_at)
WHERE known_at <= instant;

-- Rows that are withheld now: in quarantine and not released, or rejected.
CREATE OR REPLACE VIEW quarantined AS
SELECT * FROM withheld('infinity'::TIMESTAMPTZ);

-- Every vintage that the gate has judged.
CREATE OR REPLACE VIEW judged AS
SELECT * FROM observations
WHERE batch NOT IN (SELECT split_part(parse_filename(file), '.', 1) FROM glob('$waiting'));

-- What is accepted now: every vintage that the gate has judged and that is neither withheld nor withdrawn. A withdrawal
-- is of its own market time unit alone: a quarter hour that is withdrawn leaves the hour that begins with it.
CREATE OR REPLACE VIEW accepted AS
SELECT * FROM judged ANTI JOIN quarantined USING (zone, quantity, valid_time, available_at)
QUALIFY value IS NOT NULL AND available_at > coalesce(
    max(available_at) FILTER (WHERE value IS NULL) OVER (PARTITION BY zone, quantity, valid_time, mtu),
    '-infinity'::TIMESTAMPTZ
);

-- The newest vintage of every value: SELECT * FROM latest WHERE zone = 'DE' AND quantity = 'load'
CREATE OR REPLACE VIEW latest AS
SELECT * FROM accepted
QUALIFY row_number() OVER (PARTITION BY zone, quantity, valid_time ORDER BY available_at DESC) = 1;

-- What was known at an instant: SELECT * FROM as_of(TIMESTAMPTZ '2025-01-15 11:00+01') WHERE quantity = 'load'
CREATE OR REPLACE MACRO as_of(instant) AS TABLE
WITH known AS (
    SELECT * FROM judged ANTI JOIN withheld(instant) USING (zone, quantity, valid_time, available_at)
    WHERE available_at <= instant
    QUALIFY value IS NOT NULL AND available_at > coalesce(
        max(available_at) FILTER (WHERE value IS NULL) OVER (PARTITION BY zone, quantity, valid_time, mtu),
        '-infinity'::TIMESTAMPTZ
    )
)
SELECT * FROM known
QUALIFY row_number() OVER (PARTITION BY zone, quantity, valid_time ORDER BY available_at DESC) = 1;
