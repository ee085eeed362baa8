"""What portals and crawlers read: the DCAT catalogue, VoID, schema.org and the sitemap, made when asked."""
