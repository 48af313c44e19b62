"""Notebooks as PDF, from the page and by `jupyter nbconvert`: typefaces for many scripts, drawings without Inkscape."""

c = get_config()  # noqa: F821 - given by the loader

c.PDFExporter.template_name = "homeroom_pdf"
c.SVG2PDFPreprocessor.command = ["rsvg-convert", "--format=pdf", "--output={to_filename}", "{from_filename}"]
