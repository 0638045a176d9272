-- What the dashboard's table of last errors reads, by a role that may do nothing else. Run once, when the
-- image first starts on an empty volume; :password is the role's.
CREATE SCHEMA grafana;
CREATE ROLE grafana LOGIN PASSWORD :'password';

CREATE FUNCTION grafana.last_errors()
    RETURNS TABLE (at timestamptz, stream text, stage text, error text, place text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    inbox record;
BEGIN
    -- Tables of the function's own role alone: reading another's runs what its owner put into indexes.
    FOR inbox IN SELECT s.stream, s.rejects FROM termstream.stream s JOIN pg_class c ON c.oid = s.rejects
                  WHERE c.relkind = 'r' AND pg_get_userbyid(c.relowner) = current_user LOOP
        RETURN QUERY EXECUTE format(
            'SELECT starttime, $1, stage, err_message, concat_ws('':'', filename, lineno)
               FROM %s ORDER BY reject_id DESC LIMIT 50', inbox.rejects)
        USING inbox.stream::text;
    END LOOP;
    RETURN QUERY SELECT l.finished, l.stream::text, 'load', l.error, l.source
                   FROM termstream.load l WHERE l.error IS NOT NULL ORDER BY l.load_id DESC LIMIT 50;
END
$$;
COMMENT ON FUNCTION grafana.last_errors() IS 'the last rejects of each stream, without their rows, and loads that failed';
REVOKE ALL ON FUNCTION grafana.last_errors() FROM PUBLIC;
GRANT USAGE ON SCHEMA grafana TO grafana;
GRANT EXECUTE ON FUNCTION grafana.last_errors() TO grafana;
