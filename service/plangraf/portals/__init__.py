"""`plangraf check-harvest`: what data.norge.no, CKAN and the validator of DCAT-AP-NO make of a catalogue.

Way of a check: `fetching` (bytes as a portal gets them) → `catalogue_document` (items and what belongs to them) →
the rules of each portal, `data_norge` with `data_norge_reader`, `ckan`, `dcat_ap_no`, and the points of `mqa` →
`checking` (all of it) → `verdict_report`. It looks at a service from outside and is not part of one.
"""
