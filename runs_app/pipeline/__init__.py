"""The pipeline that makes a skill: signatures, modules and phases. No Django inside; DSPy is imported here and nowhere else."""
