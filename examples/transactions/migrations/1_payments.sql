\ir ../transactions.sql
