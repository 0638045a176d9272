\ir ../predict.sql
