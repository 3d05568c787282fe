-- Views of the gridahead lake for DuckDB; `gridahead lake views` prints this with the lake's own place filled in.
-- $$observations, $$verdicts and $$decisions are the Parquet files of the tables, $$waiting the markers of batches that
-- the quality gate has not judged yet.

-- Every vintage once: a row may stand in two files while a compaction is under way, or after one was killed.
CREATE OR REPLACE VIEW observations AS
SELECT * FROM $observations
QUALIFY row_number() OVER (
    PARTITION BY zone, quantity, valid_time, available_at
    ORDER BY availability DESC, value DESC, unit DESC, mtu DESC, source DESC, batch DESC
) = 1;

-- Rows that the quality gate has quarantined and nobody has released.
CREATE OR REPLACE VIEW quarantined AS
SELECT DISTINCT zone, quantity, valid_time, available_at
FROM $verdicts AS verdict
WHERE severity = 'quarantine' AND NOT EXISTS (
    SELECT 1 FROM (
        SELECT * FROM $decisions
        QUALIFY row_number() OVER (PARTITION BY zone, quantity, valid_time, available_at ORDER BY decided_at DESC) = 1
    ) AS newest
    WHERE newest.decision = 'release' AND newest.zone = verdict.zone AND newest.quantity = verdict.quantity
        AND newest.valid_time = verdict.valid_time AND newest.available_at = verdict.available_at
);

-- What models read: every vintage that the gate has judged and that is not in quarantine.
CREATE OR REPLACE VIEW accepted AS
SELECT * FROM observations ANTI JOIN quarantined USING (zone, quantity, valid_time, available_at)
WHERE batch NOT IN (SELECT parse_filename(file, true) FROM glob('$waiting'));

-- The newest vintage of every value: SELECT * FROM latest WHERE zone = 'DE' AND quantity = 'load'
CREATE OR REPLACE VIEW latest AS
SELECT * FROM accepted
QUALIFY row_number() OVER (PARTITION BY zone, quantity, valid_time ORDER BY available_at DESC) = 1;

-- What was known at an instant: SELECT * FROM as_of(TIMESTAMPTZ '2025-01-15 11:00+01') WHERE quantity = 'load'
CREATE OR REPLACE MACRO as_of(instant) AS TABLE
SELECT * FROM accepted
WHERE available_at <= instant
QUALIFY row_number() OVER (PARTITION BY zone, quantity, valid_time ORDER BY available_at DESC) = 1;
