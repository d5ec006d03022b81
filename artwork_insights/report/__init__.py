"""Findings, verdicts, figures and one self-contained HTML file. The only package that draws."""
