-- Stands in for the migration of another branch, and changes nothing; drop this file when they meet.
alter table raw.blocks modify setting min_free_disk_bytes_to_perform_insert = 200000000;
