#error "the library found the headers of its user"
