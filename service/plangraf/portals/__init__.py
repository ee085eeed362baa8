"""`plangraf check-harvest`: predicts how data.norge.no, CKAN and the validator of DCAT-AP-NO treat a catalogue.

`checking` runs the steps: `http_client` (bytes as a portal gets them) → `catalogue_document` (items and their nodes) →
the rules of each portal in `data_norge_fetch`, `data_norge`, `data_norge_reader`, `ckan` and `dcat_ap_no` → the points
of `mqa` → `verdict_report`. The service does not use this package, because it checks services from outside.
"""
