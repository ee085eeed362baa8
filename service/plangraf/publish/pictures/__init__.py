"""Draws the pictures of a version: query → rows → drawing → SVG and PNG beside the equal table."""
