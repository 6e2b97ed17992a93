# The pieces of fcn-mnist, and the program itself on bad input.
if(TARGET fcn_mnist_parts)
  foreach(name digit_renderer flags image_file json mnist_normalize terminal)
    fcn_test(apps ${name})
    target_link_libraries(test_${name} PRIVATE fcn_mnist_parts)
  endforeach()
endif()
