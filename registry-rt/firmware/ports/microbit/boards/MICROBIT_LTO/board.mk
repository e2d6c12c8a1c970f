CFLAGS_PORT += -flto
