"""The commands of the learner's desk and the teacher's desk; each module with a `main` is one."""
