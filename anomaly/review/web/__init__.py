"""The analyst's page: a small web application over the review database. It never opens the lake.

Every page is drawn by the server and works without script; htmx only saves reloads, and ``keys.js`` is the keyboard.
"""
