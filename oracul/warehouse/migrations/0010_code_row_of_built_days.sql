-- 1970-01-01 is the day of Ethereum's genesis block; the row of a table's code moved to the last Date.
alter table meta.built_days comment column block_date 'the day; Monday for a table by week; 2149-06-06 = the row of the whole table''s code';
