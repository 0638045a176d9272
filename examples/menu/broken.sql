-- Lines that COPY would stop at: too few or too many fields, a byte that is no UTF-8, a quote
-- never closed. load_file keeps them aside and goes on; "path" is a file the server can read.

CALL termstream.load_file('menu', :'path');
