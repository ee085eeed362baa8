"""Views for portals and crawlers: the DCAT catalogue, VoID, schema.org and the sitemap, computed on request."""
