-- The ten statements that took the most time in all since the statistics were last reset.
SELECT calls,
       round(total_exec_time)            AS total_ms,
       round(mean_exec_time::numeric, 1) AS mean_ms,
       rows / nullif(calls, 0)           AS rows_per_call,
       left(regexp_replace(query, '\s+', ' ', 'g'), 90) AS statement
FROM pg_stat_statements
WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
ORDER BY total_exec_time DESC
LIMIT 10;
