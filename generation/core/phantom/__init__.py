"""A procedural breast phantom: anatomy, lesions, contrast kinetics and MR signal, all from one seed."""
