# JupyterHub configuration of your own. Files in this directory are read last, in order of name, so they win.
# Every line here is a comment; remove the # to use it, then run `make up`.
#
# c.LabSpawner.environment = {"COURSE": "Biology 101"}
# c.Authenticator.admin_users.add("second-teacher")
