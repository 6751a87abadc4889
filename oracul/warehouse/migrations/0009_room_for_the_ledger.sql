-- On a full disk, landing stops first: what is left is for the ledger, so that people are told.
alter table raw.blocks modify setting min_free_disk_bytes_to_perform_insert = 200000000;

alter table raw.transactions modify setting min_free_disk_bytes_to_perform_insert = 200000000;

alter table raw.logs modify setting min_free_disk_bytes_to_perform_insert = 200000000;

alter table raw.withdrawals modify setting min_free_disk_bytes_to_perform_insert = 200000000;

alter table raw.token_metadata modify setting min_free_disk_bytes_to_perform_insert = 200000000;

alter table raw.prices_spot modify setting min_free_disk_bytes_to_perform_insert = 200000000;
