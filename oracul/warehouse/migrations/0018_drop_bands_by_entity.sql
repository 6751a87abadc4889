-- Its rows are in meta.metric_bands__sorted, see 0017.
drop table if exists meta.metric_bands;
