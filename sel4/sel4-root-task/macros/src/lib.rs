// SPDX-License-Identifier: BSD-2-Clause
//! The attribute macro of `sel4-root-task`, which documents it.

use proc_macro::TokenStream;
use quote::quote;

/// See `sel4_root_task::root_task`.
#[proc_macro_attribute]
pub fn root_task(attr: TokenStream, item: TokenStream) -> TokenStream {
    let item = syn::parse_macro_input!(item as syn::ItemFn);
    let main = &item.sig.ident;
    let options = proc_macro2::TokenStream::from(attr);
    quote! {
        ::sel4_root_task::declare_root_task!(main = #main, #options);

        #item
    }
    .into()
}
