-- Passwords are given as parameters, never written here. Narrow the networks to yours.
create user if not exists oracul
    identified with sha256_password by {oracul_password:String}
    host ip '127.0.0.1', ip '::1', ip '10.0.0.0/8', ip '172.16.0.0/12', ip '192.168.0.0/16'
    default role none;
grant oracul_writer to oracul;
alter user oracul default role oracul_writer;

create user if not exists backup
    identified with sha256_password by {backup_password:String}
    host ip '127.0.0.1', ip '::1'
    default role none;
grant oracul_backup to backup;
alter user backup default role oracul_backup;

create user if not exists reader
    identified with sha256_password by {reader_password:String}
    host ip '127.0.0.1', ip '::1', ip '10.0.0.0/8', ip '172.16.0.0/12', ip '192.168.0.0/16'
    default role none;
grant oracul_reader to reader;
alter user reader default role oracul_reader;
