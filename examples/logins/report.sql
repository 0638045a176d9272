\echo Log-ins per device type:
TABLE logins_per_device_type;
\echo Log-ins per locale:
TABLE logins_per_locale;
\echo Log-ins per version:
TABLE logins_per_version;
\echo Messages that were no log-ins:
TABLE malformed_share;
TABLE malformed_reasons;
