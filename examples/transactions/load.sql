-- Both files, and the first one twice: load.sql -v transactions=FILE -v suspicious=FILE
CALL termstream.load_file('transactions', :'transactions', delimiter => ';');
CALL termstream.load_file('transactions', :'transactions', delimiter => ';', resume => false);
CALL termstream.load_file('transactions', :'suspicious', delimiter => ';');
