"""Translate, call a flow, render: the web services and the command line. No rule of their own."""
