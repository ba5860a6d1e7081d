"""The bulk job: converts the photos of a folder or bucket with Apache Beam."""
