-- Stands in for the migration of another branch; drop this file when they meet.
select 1;
