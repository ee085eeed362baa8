"""The page of one thing: declarations of kinds, and the view that the template `document.html` shows."""
