-- The disks that hold the warehouse's tables.
select name, unreserved_space, total_space
from system.disks
where total_space > 0 and name in (select disk_name from system.parts)
order by name
