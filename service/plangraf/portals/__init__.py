"""`plangraf check-harvest`: predicts how data.norge.no, CKAN and the validator of DCAT-AP-NO treat a catalogue.

`checking` runs the steps: `catalogue_document` (bytes as a portal gets them, items and their nodes) → the rules of each
portal in `data_norge_fetch`, `data_norge`, `data_norge_reader`, `ckan` and `dcat_ap_no` → the points of `mqa` → the
verdict. The service does not use this package, because it checks services from outside.
"""
