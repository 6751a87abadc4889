-- What each user may use, counted for each of them. Over it, queries are refused until the hour or day ends.
create quota if not exists oracul_reader keyed by user_name
    for interval 1 hour max queries = 10000, errors = 1000, execution_time = 7200, read_rows = 100000000000,
    for interval 1 day max read_rows = 1000000000000
    to oracul_reader;

-- Counted, never refused: a pipeline that stops over a quota loses freshness and saves nothing.
create quota if not exists oracul_writer keyed by user_name
    for interval 1 hour tracking only
    to oracul_writer, oracul_backup;
