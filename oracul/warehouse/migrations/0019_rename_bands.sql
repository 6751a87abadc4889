-- The last step of 0017.
rename table if exists meta.metric_bands__sorted to meta.metric_bands;
